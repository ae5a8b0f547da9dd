"""What is made of spans: kept (``store``), settled (``settle``), found (``search``), listed (``listing``), drawn
(``waterfall``), compared (``diff``), and the calls between services (``edges``)."""
