"""Traces in memory: kept within bounds, watched for changes, waited for until they have settled."""
