"""Sources of rules: the register, and several national exports staged together (体检)."""
