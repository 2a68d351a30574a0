"""Forms of the register, by business act."""
