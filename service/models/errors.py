"""The one error of this package."""


class ModelError(Exception):
    """A model that cannot be served; the text tells an operator what is wrong and what to do."""
