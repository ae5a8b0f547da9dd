"""The file in which traces outlive a restart."""
