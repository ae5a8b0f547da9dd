"""Front end: spans come in, are kept within bounds, and can be asked for."""
