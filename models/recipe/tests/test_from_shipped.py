"""A shipped model unpacked: what PyTorch computes with it is what its graphs compute."""

import json

import pytest
import torch

from checkpoint import load_model, save_checkpoint
from depth.encoder import load_depth_encoder, load_depth_head
from from_shipped import main, module_of, unpack
from shipped import MODELS, ShippedModel

MANIFEST = json.loads((MODELS / "manifest.json").read_text())


@pytest.mark.parametrize("name", MANIFEST["models"])
def test_the_unpacked_model_computes_what_the_shipped_graphs_do(name):
    """Float32 in another order: 1e-4 of queries and tokens of about 1, as in the golden fixtures."""
    model, depth_encoder = unpack(name)
    shipped = ShippedModel(name)
    torch.manual_seed(2)
    view, patches, remove = torch.rand(1, 3, 112, 144), torch.rand(1, 9, 3, 64, 64), torch.tensor([[1.0, 0, 1, 0]])
    picture, noise = torch.rand(1, 3, 64, 96), torch.randn(1, 3, 64, 96)
    with torch.no_grad():
        tokens = depth_encoder(view)
        query, weather_prompts, ids, depth_prompts = model.prompts(view, patches, tokens, remove)
        expected = shipped.prompts(view, patches, shipped.depth_encoder(view), remove)
        for got, wanted in zip((query, weather_prompts, ids, depth_prompts), expected):
            torch.testing.assert_close(got, wanted, atol=1e-4, rtol=1e-4)
        for timestep in (torch.tensor([500.0]), torch.tensor([0.0])):
            got, wanted = (each.denoiser(picture, noise, timestep, weather_prompts, depth_prompts) for each in (model, shipped))
            torch.testing.assert_close(got, wanted, atol=1e-5, rtol=1e-4)


def test_the_checkpoints_load_and_say_what_they_lack(tmp_path, monkeypatch):
    paths = [tmp_path / "nano.pt", tmp_path / "depth.pt"]
    monkeypatch.setattr("sys.argv", ["from_shipped.py", "--out", str(paths[0]), "--depth-encoder", str(paths[1])])
    main()
    unpacked, _ = unpack("nano")
    assert all(torch.equal(value, unpacked.state_dict()[name]) for name, value in load_model(paths[0]).state_dict().items())
    load_depth_encoder(paths[1])
    with pytest.raises(ValueError, match="training head"):
        load_depth_head(paths[1])


def test_names_of_nodes_become_names_of_modules():
    assert module_of("/condition/head/head.3/MatMul") == "condition.head.3"
    assert module_of("/weather_attention/attention/query/MatMul") == "weather_attention.attention.query"


def test_a_checkpoint_of_nothing_is_refused(tmp_path):
    save_checkpoint(tmp_path / "other.pt", weights={})
    with pytest.raises(ValueError, match="train_depth.py"):
        load_depth_encoder(tmp_path / "other.pt")
