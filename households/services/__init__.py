"""The only writers of the register, by business act."""
