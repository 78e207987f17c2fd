"""The weather renderer: a clean picture and its depth -> the picture in rain, snow, haze and raindrops (`example.py`), one weather a file."""

from weather.camera import Camera, develop, expose, lit, sample_camera
from weather.example import (
    WEATHERS, RenderedExample, WeatherBanks, WeatherLayers, compose, make_banks, refine_depth, refresh_banks, render_example, sample_weather,
    sample_weathers,
)  # fmt: skip
from weather.foreground import add_foreground
from weather.frame import add_frame
from weather.structures import add_structures

__all__ = [
    "WEATHERS", "Camera", "RenderedExample", "WeatherBanks", "WeatherLayers", "add_foreground", "add_frame", "add_structures", "compose", "develop", "expose", "lit",
    "make_banks", "refine_depth", "refresh_banks", "render_example", "sample_camera", "sample_weather", "sample_weathers",
]  # fmt: skip
