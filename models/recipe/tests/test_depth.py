"""The depth encoder: its shape, its cost, its export, its training, its files; and Depth-Anything V2 in its place."""

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn
from transformers import DepthAnythingConfig, DepthAnythingForDepthEstimation, Dinov2Config

from depth.encoder import DepthEncoder, DepthHead, load_depth_encoder, load_depth_head, save_depth_encoder
from depth.depth_anything import IMAGENET_MEAN, IMAGENET_STD
from depth.data import DepthBatches
from depth.losses import depth_loss, normalised_depth, token_spread_loss, weather_consistency_loss
from evaluate_depth import rank_correlation
from macs import macs_of
from train_depth import DepthTrainConfig, mixed_with_earlier, standardise_tokens, train_depth


def trained_like(seed=3):
    """An encoder whose residual blocks do something (they start at zero) and a head."""
    torch.manual_seed(seed)
    encoder, head = DepthEncoder().eval(), DepthHead().eval()
    for name, parameter in encoder.named_parameters():
        if ".second." in name:
            nn.init.normal_(parameter, std=0.05)
    return encoder.requires_grad_(False), head.requires_grad_(False)


@pytest.mark.parametrize("height, width", [(128, 128), (96, 176), (16, 512)])
def test_a_view_gives_one_token_for_every_16_by_16_pixels_row_by_row(height, width):
    encoder, head = trained_like()
    view = torch.rand(2, 3, height, width)
    tokens = encoder(view)
    assert tokens.shape == (2, height // 16 * (width // 16), 64)
    token_map = encoder.token_map(view)
    assert torch.equal(tokens[1, width // 16 - 1], token_map[1, :, 0, -1])
    assert head(token_map).shape == (2, height // 4, width // 4)


def test_the_encoder_stays_within_35_million_multiply_adds():
    assert macs_of(DepthEncoder(), torch.rand(1, 3, 128, 128)) <= 35e6


def test_no_convolution_has_6_or_9_channels():
    channels = {n for m in DepthEncoder().modules() if isinstance(m, nn.Conv2d) for n in (m.in_channels, m.out_channels)}
    assert channels and not channels & {6, 9}


def test_the_exported_graph_gives_the_same_tokens_at_any_size(tmp_path):
    encoder, _ = trained_like()
    path = tmp_path / "depth.onnx"
    torch.onnx.export(
        encoder, (torch.rand(1, 3, 128, 128),), path, input_names=["view"], output_names=["depth_tokens"], opset_version=17, dynamo=False,
        dynamic_axes={"view": {2: "h", 3: "w"}, "depth_tokens": {1: "tokens"}},
    )  # fmt: skip
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    for size in ((128, 128), (80, 208)):
        view = torch.rand(1, 3, *size)
        got = session.run(None, {"view": view.numpy()})[0]
        np.testing.assert_allclose(got, encoder(view).numpy(), atol=1e-5)  # float32 sums in another order


def test_a_checkpoint_gives_back_the_same_encoder_and_head(tmp_path):
    encoder, head = trained_like()
    save_depth_encoder(tmp_path / "depth.pt", encoder, head, {"rank": 0.5}, {"seed": 3})
    view = torch.rand(1, 3, 64, 96)
    loaded = load_depth_encoder(tmp_path / "depth.pt")
    torch.testing.assert_close(loaded(view), encoder(view), atol=1e-5, rtol=1e-4)  # channels-last sums in another order
    assert not loaded.training and not any(p.requires_grad for p in loaded.parameters())
    torch.testing.assert_close(load_depth_head(tmp_path / "depth.pt")(encoder.token_map(view)), head(encoder.token_map(view)))


def test_what_is_no_checkpoint_is_refused_with_advice(tmp_path):
    with pytest.raises(FileNotFoundError, match="train_depth.py"):
        load_depth_encoder(tmp_path / "none.pt")
    (tmp_path / "text.pt").write_text("not a checkpoint")
    with pytest.raises(ValueError, match="cannot read"):
        load_depth_encoder(tmp_path / "text.pt")
    torch.save({"model": {}}, tmp_path / "other.pt")
    with pytest.raises(ValueError, match=r"got \['model'\]"):
        load_depth_encoder(tmp_path / "other.pt")


def test_depth_loss_forgives_scale_and_shift_but_for_the_plain_part():
    known = torch.rand(2, 16, 16)
    assert float(depth_loss(known, known)) == 0
    stretched = 1 + 3 * known
    torch.testing.assert_close(normalised_depth(stretched, 0), normalised_depth(known, 0), atol=1e-4, rtol=1e-4)
    assert float(depth_loss(stretched, known)) < float(depth_loss(1 - known, known))


def test_weather_consistency_draws_the_degraded_tokens_only():
    degraded, clean = torch.randn(2, 9, 8, requires_grad=True), torch.randn(2, 9, 8, requires_grad=True)
    loss = weather_consistency_loss(degraded, clean)
    loss.backward()
    assert float(loss.detach()) > 0 and degraded.grad.abs().sum() > 0 and clean.grad is None
    assert float(weather_consistency_loss(clean, clean).detach()) == 0


def test_token_spread_punishes_tokens_that_are_all_alike():
    assert float(token_spread_loss(torch.ones(2, 8, 4))) > 0.9
    assert float(token_spread_loss(3 * torch.randn(2, 400, 4))) == 0


def test_standardised_tokens_predict_the_same_depth():
    encoder, head = trained_like()
    views = torch.rand(4, 3, 64, 64)
    before = head(encoder.token_map(views))
    standardise_tokens(encoder, head, views)
    torch.testing.assert_close(head(encoder.token_map(views)), before, atol=1e-4, rtol=1e-3)  # rounding of the folded weights
    tokens = encoder(views).flatten(0, 1)
    assert tokens.mean(0).abs().max() < 1e-3 and abs(float(tokens.square().mean()) - 1) < 1e-2


def test_rank_correlation_is_one_for_any_rising_change_and_minus_one_for_falling():
    depth = np.random.default_rng(0).random(100)
    assert rank_correlation(depth, depth**3) == pytest.approx(1)
    assert rank_correlation(depth, -depth) == pytest.approx(-1)


def test_batches_are_a_function_of_seed_and_number():
    batch = DepthBatches(None, 5, pairs=2, extra=1, scene_share=1.0)[4]
    again = DepthBatches(None, 5, pairs=2, extra=1, scene_share=1.0)[4]
    assert {name: value.shape for name, value in batch.items()} == {"degraded": (2, 128, 128, 3), "clean": (3, 128, 128, 3), "depth": (3, 32, 32)}
    assert all(np.array_equal(batch[name], again[name]) for name in batch)
    assert np.abs(batch["degraded"].astype(int) - batch["clean"][:2]).mean() > 1


def test_earlier_batches_come_back_mirrored_with_their_depth():
    batches = [{"clean": np.full((1, 4, 4, 3), i) + np.arange(4)[:, None] * 10, "depth": np.full((1, 4, 4), i) + np.arange(4) * 10} for i in range(5)]
    mixed = list(mixed_with_earlier(batches, uses=3, pool=2, rng=np.random.default_rng(0)))
    assert len(mixed) == 15 and [int(m["depth"].min()) for m in mixed[::3]] == [0, 1, 2, 3, 4]
    assert {int(m["depth"].min()) for m in mixed[-3:]} <= {3, 4}
    assert all(np.array_equal(m["clean"][..., 0], m["depth"]) for m in mixed)
    assert {bool(m["depth"][0, 0, 0] > m["depth"][0, 0, 3]) for m in mixed} == {True, False}


def test_training_on_one_batch_of_scenes_learns_its_depth():
    lines = []
    config = DepthTrainConfig(steps=200, pairs=1, extra=3, uses=200, pool=1, warmup=10)
    encoder, head = train_depth(None, config, workers=0, log=lines.append)
    first, last = (float(line.split(" depth ")[1].split()[0]) for line in lines)
    assert last < 0.8 * first
    assert isinstance(encoder, DepthEncoder) and not encoder.training


@pytest.fixture
def depth_anything_folder(tmp_path):
    """A small Depth-Anything V2 model with random weights, in files like the published ones."""
    torch.manual_seed(1)
    backbone = Dinov2Config(
        image_size=56, patch_size=14, hidden_size=384, num_hidden_layers=4, num_attention_heads=6, mlp_ratio=1, out_indices=[1, 2, 3, 4],
        apply_layernorm=True, reshape_hidden_states=False,
    )  # fmt: skip
    config = DepthAnythingConfig(backbone_config=backbone, reassemble_hidden_size=384, neck_hidden_sizes=[8, 8, 8, 8], fusion_hidden_size=8, head_hidden_size=4)
    model = DepthAnythingForDepthEstimation(config).eval()
    model.save_pretrained(tmp_path / "model")
    return tmp_path / "model", model


def test_depth_anything_from_a_folder_gives_the_tokens_of_its_saved_weights(depth_anything_folder):
    folder, model = depth_anything_folder
    encoder = load_depth_encoder(folder)
    view = torch.rand(2, 3, 126, 63)  # doubled: 252 and 126, multiples of 14
    tokens = encoder(view)
    assert tokens.shape == (2, 18 * 9, 384)
    large = nn.functional.interpolate(view, (252, 126), mode="bicubic", antialias=True).clamp(0, 1)  # the cubic of Pillow (a = -0.5)
    normal = (large - torch.tensor(IMAGENET_MEAN)[:, None, None]) / torch.tensor(IMAGENET_STD)[:, None, None]
    with torch.no_grad():
        embedded = model.backbone.embeddings(normal)
        for layer in model.backbone.encoder.layer:
            embedded = layer(embedded)
        wanted = model.backbone.layernorm(embedded)[:, 1:]
    torch.testing.assert_close(tokens, wanted, atol=1e-4, rtol=1e-4)
    assert encoder(torch.rand(1, 3, 128, 128)).shape == (1, 18 * 18, 384)


def test_a_folder_without_depth_anything_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="config.json"):
        load_depth_encoder(tmp_path)
