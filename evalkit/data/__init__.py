"""From a path or a frame to a Sample, and from a Sample to encoded rows."""
