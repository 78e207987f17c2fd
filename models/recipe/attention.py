"""Multi-head cross attention, as the denoiser and the general prompts use it."""

from torch import nn


class CrossAttention(nn.Module):
    """CA(query tokens [B,Q,Cq], context [B,K,Cc]) -> [B,Q,Cq]; softmax(Q K^T / sqrt(d)) V, then a linear layer."""

    def __init__(self, query_channels, context_channels, channels, heads):
        super().__init__()
        self.heads, self.scale = heads, (channels // heads) ** -0.5
        self.query = nn.Linear(query_channels, channels)
        self.key_value = nn.Linear(context_channels, 2 * channels)
        self.out = nn.Linear(channels, query_channels)

    def forward(self, tokens, context):
        key, value = self.key_value(context).chunk(2, -1)
        split = lambda x: x.unflatten(-1, (self.heads, -1)).transpose(1, 2)  # [B,heads,tokens,d]
        query, key, value = split(self.query(tokens)), split(key), split(value)
        attention = (query * self.scale @ key.transpose(-2, -1)).softmax(-1)  # [B,heads,Q,K]
        return self.out((attention @ value).transpose(1, 2).flatten(2))
