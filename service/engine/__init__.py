"""Engines: a request, the scheduler that advances requests in steps, and the process around both."""
