"""The forward pass in 8-bit integers as one call into machine code, compiled for this processor."""
