"""Sizes of our own models, by name, and as a checkpoint keeps them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ModelConfig:
    """Sizes of a model. Widths are channels at 1/2, 1/4 and 1/8 of the picture's resolution."""

    name: str = "nano"
    widths: tuple[int, ...] = (24, 48, 80)
    encoder_blocks: tuple[int, ...] = (0, 1)
    middle_blocks: int = 2
    decoder_blocks: tuple[int, ...] = (1, 1)
    embedding_channels: int = 128
    prompt_channels: int = 96
    prompt_length: int = 8
    pool_size: int = 20
    top_k: int = 5
    general_prompts: int = 16
    attention_channels: int = 32
    attention_heads: int = 4
    depth_channels: int = 64
    condition_width: int = 24
    condition_peaks: bool = False  # the patches' largest answers beside their means: a single faint streak
    condition_blocks: tuple[int, ...] = (0, 0, 0)  # residual blocks of the condition at 1/4, 1/8 and 1/16
    condition_mirrored: bool = False  # out of training it looks at the mirror image too
    # Ablations: what is switched off is replaced by nothing (zeros), at the same cost.
    use_pool: bool = True
    use_depth_prompts: bool = True
    use_film: bool = True
    use_residual: bool = True  # else the network works on the clean picture in place of the residual


CONFIGS = {
    "nano": ModelConfig(condition_peaks=True, condition_mirrored=True),
    "lite": ModelConfig(
        name="lite", widths=(32, 64, 128), encoder_blocks=(1, 2), middle_blocks=3, decoder_blocks=(2, 2), attention_channels=96,
        condition_width=48, condition_peaks=True, condition_blocks=(1, 1, 1), condition_mirrored=True,
    ),  # fmt: skip
}


def config_from(saved: dict) -> ModelConfig:
    """A ModelConfig from its saved dict (lists become tuples)."""
    return ModelConfig(**{k: tuple(v) if isinstance(v, list) else v for k, v in saved.items()})
