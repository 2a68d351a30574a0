"""What may happen in monitoring: visits so far."""
