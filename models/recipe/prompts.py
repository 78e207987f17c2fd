"""The prompt pool: a query [B,C] chooses, weighs and gathers sub-prompts; and the losses that keep the pool meaningful.

Selection is a pure function of one picture's query (no counters, no vote over the batch), so the same picture always gets the same prompts.
"""

import torch
import torch.nn.functional as F
from torch import nn

WEATHERS = ("rain", "snow", "haze", "raindrop")
MASKED = -1e4  # a cosine no allowed sub-prompt can have
JITTER_ALL, JITTER_EACH = 0.8, 0.4  # deviations of the weights' logits in training


class PromptPool(nn.Module):
    """`pool_size` sub-prompts of `prompt_length` tokens x C, each with a key [C] and an affinity to every weather."""

    def __init__(self, pool_size=20, prompt_length=8, channels=96, top_k=5):
        super().__init__()
        self.top_k = top_k
        self.prompts = nn.Parameter(torch.randn(pool_size, prompt_length, channels))
        self.keys = nn.Parameter(nn.init.orthogonal_(torch.empty(pool_size, channels)))
        # Sub-prompts are dealt out to the weathers in turn; training may move them.
        home = torch.arange(pool_size) % len(WEATHERS)
        self.affinity_logits = nn.Parameter(3.0 * F.one_hot(home, len(WEATHERS)).float())
        self.similarity_scale = nn.Parameter(torch.tensor(8.0))
        self.similarity_bias = nn.Parameter(torch.tensor(-2.0))

    def affinities(self):
        """[P,A], rows sum to 1."""
        return self.affinity_logits.softmax(-1)

    def similarity(self, query):
        """query [B,C] -> cosine to every key [B,P] and weight in (0,1) [B,P]."""
        with torch.autocast(query.device.type, enabled=False):  # bfloat16 would blur the order of the cosines
            cosine = F.normalize(query.float(), dim=-1) @ F.normalize(self.keys, dim=-1).T
            return cosine, torch.sigmoid(self.similarity_scale * cosine + self.similarity_bias)

    def allowed(self, remove):
        """remove [B,A] of 0 and 1 -> sub-prompts [B,P] whose affinity to the asked-for weathers is at least a half."""
        with torch.autocast(remove.device.type, enabled=False):
            return remove @ self.affinities().detach().T >= 0.5 - 1e-6

    def select(self, query, remove, jitter: bool = False):
        """Top-k of the allowed sub-prompts, weighted by similarity.

        query [B,C], remove [B,A] -> weather_prompts [B,kL,C], chosen ids [B,k] (-1 where fewer than k are allowed). `jitter`, for training alone, makes the
        weights of a picture larger or smaller: the denoiser learns to take them for a hint and to look at the picture itself.
        """
        cosine, weight = self.similarity(query)
        if jitter:
            noise = JITTER_ALL * torch.randn_like(weight[:, :1]) + JITTER_EACH * torch.randn_like(weight)
            weight = torch.sigmoid(torch.logit(weight.clamp(1e-4, 1 - 1e-4)) + noise)
        score, ids = cosine.masked_fill(~self.allowed(remove), MASKED).topk(self.top_k, dim=-1)  # [B,k]
        usable = score > MASKED / 2
        weight = weight.gather(1, ids) * usable  # [B,k]
        chosen = weight[:, :, None, None] * self.prompts[ids]  # [B,k,L,C]
        return chosen.flatten(1, 2), torch.where(usable, ids, -1)

    def presence(self, weight):
        """weight [B,P] -> how surely each weather is in the picture [B,A]: noisy-or over the whole pool."""
        return 1 - torch.prod(1 - weight[:, :, None] * self.affinities()[None], dim=1)


def label_loss(presence, labels, severity, visible=0.005):
    """Binary cross-entropy of the weather report [B,A] against the rendered weathers [B,A].

    A weather that hardly shows (severity, its mean change of the picture, below `visible`) counts in proportion: nobody could report it.
    """
    weight = torch.where(labels > 0, (severity / visible).clamp(max=1), 1.0)
    return F.binary_cross_entropy(presence.float().clamp(1e-4, 1 - 1e-4), labels, weight=weight)


def pull_loss(cosine, affinities, labels):
    """Pulls, for every weather in the picture, its nearest key to the query: 1 - cosine, mean over the weathers present."""
    home = affinities.detach().argmax(-1)  # [P]
    losses = []
    for a in range(labels.shape[1]):
        own = cosine[:, home == a]
        if own.shape[1] and labels[:, a].any():
            losses.append((1 - own.max(-1).values)[labels[:, a] > 0].mean())
    return torch.stack(losses).mean() if losses else cosine.sum() * 0


def balance_loss(weight, affinities, labels):
    """Keeps the pool from collapsing: within each weather, the mean use over the batch should be even.

    0 when every sub-prompt of a weather is used alike, 1 when one does all the work (1 - entropy / log n).
    """
    home = affinities.detach().argmax(-1)
    losses = []
    for a in range(labels.shape[1]):
        own = weight[:, home == a]
        if own.shape[1] > 1 and labels[:, a].sum() > 1:
            own = own[labels[:, a] > 0]
            use = (own**2 / (own**2).sum(-1, keepdim=True).clamp_min(1e-6)).mean(0)
            entropy = -(use * use.clamp_min(1e-6).log()).sum()
            losses.append(1 - entropy / torch.log(torch.tensor(float(own.shape[1]))))
    return torch.stack(losses).mean() if losses else weight.sum() * 0


def key_spread_loss(keys):
    """Mean squared cosine between different keys: orthogonal keys let a mixture name several weathers at once."""
    unit = F.normalize(keys, dim=-1)
    gram = unit @ unit.T
    n = len(keys)
    return (gram.square().sum() - n) / (n * (n - 1))


def contrastive_prompt_loss(general_key, depth_feature, chosen_keys, usable):
    """Mean over batch and k of gamma(K_g, F_d) - gamma(K_s, K_g), gamma(a,b) = 1 - cos(a,b).

    general_key [C], depth_feature [B,C] (projected depth tokens, averaged), chosen_keys [B,k,C], usable [B,k].
    Source: Chen et al. 2024 (arXiv:2409.15739), contrastive prompt loss as in the paper.
    """
    pull = 1 - F.cosine_similarity(general_key[None], depth_feature, dim=-1)  # [B]
    push = 1 - F.cosine_similarity(chosen_keys, general_key[None, None], dim=-1)  # [B,k]
    push = (push * usable).sum(-1) / usable.sum(-1).clamp_min(1)
    return (pull - push).mean()
