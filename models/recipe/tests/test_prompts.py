"""The prompt pool: selection is a pure function of one query, `remove` masks before top-k, losses pull where they should."""

import pytest
import torch

from prompts import (
    WEATHERS, PromptPool, balance_loss, contrastive_prompt_loss, key_spread_loss, label_loss, pull_loss,
)  # fmt: skip


@pytest.fixture
def pool():
    torch.manual_seed(0)
    return PromptPool(pool_size=20, prompt_length=3, channels=16, top_k=5)


def ask(*weathers):
    return torch.tensor([[float(w in weathers) for w in WEATHERS]])


def test_selection_is_the_five_nearest_keys_weighted_by_similarity(pool):
    query = torch.randn(1, 16)
    prompts, ids = pool.select(query, ask(*WEATHERS))
    cosine = torch.cosine_similarity(query, pool.keys, dim=-1)
    assert ids[0].tolist() == cosine.argsort(descending=True)[:5].tolist()
    weight = torch.sigmoid(8 * cosine[ids[0, 0]] - 2)
    torch.testing.assert_close(prompts[0, :3], weight * pool.prompts[ids[0, 0]])


def test_a_picture_gets_the_same_prompts_whatever_its_batch_mates(pool):
    queries = torch.randn(4, 16)
    together, _ = pool.select(queries, ask(*WEATHERS).expand(4, -1))
    for i in range(4):
        alone, _ = pool.select(queries[i : i + 1], ask(*WEATHERS))
        torch.testing.assert_close(alone[0], together[i])


def test_remove_leaves_only_sub_prompts_of_the_asked_weathers(pool):
    _, ids = pool.select(torch.randn(8, 16), ask("rain", "snow").expand(8, -1))
    homes = pool.affinities().argmax(-1)[ids]
    assert set(homes.flatten().tolist()) <= {0, 1}


def test_missing_places_are_zeros_when_too_few_are_allowed(pool):
    with torch.no_grad():
        pool.affinity_logits[:] = torch.tensor([0.0, 0.0, 9.0, 0.0])
        pool.affinity_logits[:2] = torch.tensor([9.0, 0.0, 0.0, 0.0])
    prompts, ids = pool.select(torch.randn(1, 16), ask("rain"))
    assert sorted(ids[0].tolist()) == [-1, -1, -1, 0, 1]
    assert prompts[0, 6:].abs().max() == 0 and prompts[0, :6].abs().min() > 0


def test_keys_learn_from_the_prompts_they_weigh(pool):
    prompts, _ = pool.select(torch.randn(1, 16), ask(*WEATHERS))
    prompts.square().sum().backward()
    assert pool.keys.grad.abs().sum() > 0


def test_presence_is_one_when_a_sub_prompt_answers_surely_and_zero_when_none_does(pool):
    with torch.no_grad():
        pool.affinity_logits *= 10
    weight = torch.zeros(2, 20)
    weight[0, 1] = 1  # sub-prompt 1 is dealt to snow
    presence = pool.presence(weight)
    torch.testing.assert_close(presence, torch.tensor([[0.0, 1, 0, 0], [0, 0, 0, 0]]), atol=1e-4, rtol=0)


def test_losses_are_low_where_the_pool_is_right(pool):
    labels = torch.tensor([[1.0, 0, 0, 0], [1, 0, 0, 0]])
    right, wrong = torch.tensor([[0.99, 0.01, 0.01, 0.01]] * 2), torch.tensor([[0.01, 0.99, 0.01, 0.01]] * 2)
    strong, unseen = torch.full((2, 4), 0.1), torch.zeros(2, 4)
    assert label_loss(right, labels, strong) < 0.05 < label_loss(wrong, labels, strong)
    assert label_loss(wrong, labels, unseen) < label_loss(wrong, labels, strong)
    affinities = pool.affinities()
    near, far = torch.zeros(2, 20), torch.zeros(2, 20)
    near[:, 0] = 1  # sub-prompt 0 is dealt to rain
    assert pull_loss(near, affinities, labels) == 0 and pull_loss(far, affinities, labels) == 1
    even, collapsed = torch.zeros(2, 20), torch.zeros(2, 20)
    even[:, [0, 4, 8, 12, 16]] = 0.5
    collapsed[:, 0] = 1
    assert balance_loss(even, affinities, labels) < 1e-5 and balance_loss(collapsed, affinities, labels) > 0.99
    assert key_spread_loss(torch.eye(4)) == 0 and key_spread_loss(torch.ones(4, 4)) > 0.99


def test_contrastive_loss_pulls_the_depth_feature_and_pushes_the_chosen_keys():
    key = torch.tensor([1.0, 0.0])
    same, opposite = torch.tensor([[2.0, 0.0]]), torch.tensor([[[-1.0, 0.0]]])
    usable = torch.tensor([[True]])
    assert contrastive_prompt_loss(key, same, opposite, usable) == -2
    assert contrastive_prompt_loss(key, -same, -opposite, usable) == 2
