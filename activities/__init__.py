"""What touches the world: one class per outside party, its dependencies handed in."""
