"""Training multiplies in bfloat16 only where the machine does."""

import pytest
import torch

import precision


@pytest.fixture(autouse=True)
def forget():
    precision.training_dtype.cache_clear()
    yield
    precision.training_dtype.cache_clear()


@pytest.mark.parametrize(
    ("capabilities", "dtype"),
    [({"avx2": True, "avx512_bf16": False, "amx_bf16": False}, torch.float32), ({}, torch.float32), ({"avx512_bf16": True}, torch.bfloat16), ({"amx_bf16": True}, torch.bfloat16)],
)
def test_the_processor_decides(monkeypatch, capabilities, dtype):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    assert precision.training_dtype("cpu") == dtype
    with precision.autocast("cpu"):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == dtype


def test_accelerators_have_bfloat16(monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {})
    assert precision.training_dtype("cuda") == torch.bfloat16


def test_this_processor_says_what_it_can():
    assert {"avx512_bf16", "amx_bf16"} <= set(torch.cpu.get_capabilities()) or torch.cpu.get_capabilities().get("architecture") != "x86_64"
