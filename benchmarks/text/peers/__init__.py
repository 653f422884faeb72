"""The other engines, and ours without the service: a child process each, all asked alike.

What a child imports here has to work in environments that have none of this project's packages.
"""
