"""Every JSON document that meshctl writes or reads: a module per topic, ``to_data`` one way and ``from_data`` back.

``reading`` has the error of all of them; ``values`` is the fuller form, in which nothing is lost, of any value of
``model/``. Elsewhere stand what others have defined (OTLP, Jaeger's) and, in ``adapters/collector/forms``, what the
collector and its client say to each other.
"""
