from meshkit import run

from .core.config import read_config
from .main import create_app

run(create_app(read_config()))
