"""Runs the service and Envoy together on one machine: what `make run` starts."""
