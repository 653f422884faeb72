"""From what the service knows to the contract's messages."""
