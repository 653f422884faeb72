"""The REST side: Envoy's descriptor set, its configuration and its process."""
