"""Front end: ``receive`` takes spans in, ``traces`` and ``store`` keep them, ``serve`` answers, ``forward`` resends."""
