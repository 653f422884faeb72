"""The command line `generate`."""
