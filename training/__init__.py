"""Trains the small image model that comes with the service, from pictures that are free to use."""
