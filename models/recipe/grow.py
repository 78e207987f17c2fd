"""A larger model that computes what a trained smaller one does, to be trained on from there (after Net2Net, Chen et al., arXiv:1511.05641).

    python grow.py --from runs/nano-3/last.pt --model lite --out runs/lite/start.pt
    python fit_condition.py --from runs/lite/start.pt --model lite --out runs/lite/condition.pt …
    python train.py --model lite --init runs/lite/condition.pt …

New channels read everything and nothing that the smaller model had reads them, until training finds a use; new blocks start as the identity.
"""

import argparse
from dataclasses import fields, replace
from pathlib import Path

import torch

from checkpoint import load_checkpoint, save_checkpoint
from model import Restorer
from model_config import CONFIGS, ModelConfig, config_from


def grow(small: Restorer, config: ModelConfig) -> Restorer:
    """`small` as a model of the sizes in `config`: the same residuals, prompts and report, float32 rounding aside.

    Condition, pool and general prompts keep their sizes; widths, blocks of a stage and attention channels may grow, heads may not. The larger condition that
    `config` asks for is what fit_condition.py makes of it.
    """
    config = replace(config, **{each.name: getattr(small.config, each.name) for each in fields(config) if each.name.startswith("condition_")})
    large, weights = Restorer(config), small.state_dict()
    old_heads, heads = small.config.attention_heads, config.attention_heads
    if (old_heads, len(small.config.widths)) != (heads, len(config.widths)):
        raise ValueError(f"Expected as many heads and stages as the smaller model has ({old_heads}, {len(small.config.widths)}), got {heads}, {len(config.widths)}.")
    with torch.no_grad():
        for name, parameter in large.named_parameters():
            if name in weights:
                widen(name, parameter, weights[name], heads)
            elif ".conv2." in name:
                parameter.zero_()  # a new block: x + 0
    return large.train(small.training)  # in evaluation a condition may look at the mirror image too


def widen(name: str, new, old, heads: int):
    """Puts `old` [out,in,...] into `new` where its channels are; what had no channel there reads 0 from new ones."""
    if new.shape == old.shape:
        new.copy_(old)
        return
    if new.dim() < old.dim() or any(n < o for n, o in zip(new.shape, old.shape)):
        raise ValueError(f"Expected {name} of at least {list(old.shape)}, got {list(new.shape)}; a model can only grow.")
    groups = 2 if ".film." in name else 2 * heads if ".key_value." in name else heads if ".query." in name else 1  # rows lie in so many groups
    kept = rows_of(groups, old.shape[0], new.shape[0])
    if ".query." in name:  # new dimensions of the product of query and key add nothing; the softmax divides by the root of their number
        new.zero_()
        old = old * (new.shape[0] / old.shape[0]) ** 0.5
    if new.dim() == 1:
        new[kept] = old
        return
    columns = rows_of(heads if ".attention.out." in name else 1, old.shape[1], new.shape[1])
    fresh = torch.zeros_like(new[kept])
    fresh[:, columns] = old
    new[kept] = fresh


def rows_of(groups: int, old: int, new: int):
    """Where `old` rows in equal groups lie among `new` ones: the first of each group."""
    return (torch.arange(new).reshape(groups, -1)[:, : old // groups]).flatten()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="source", type=Path, required=True, help="checkpoint of the smaller model; its averaged weights are taken")
    parser.add_argument("--model", choices=sorted(CONFIGS), default="lite")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1, help="of the new channels' weights (default 1)")
    options = parser.parse_args()
    saved = load_checkpoint(options.source)
    small = Restorer(config_from(saved["model_config"]))
    small.load_state_dict(saved["averaged"])
    torch.manual_seed(options.seed)
    large = grow(small, CONFIGS[options.model])
    save_checkpoint(options.out, averaged=large.state_dict(), model_config=large.checkpoint_config())


if __name__ == "__main__":
    main()
