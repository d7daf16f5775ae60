"""Compositions: each wrapper around an optimizer that it fits, and the chain that large models are trained with."""

from symopt.specs.accumulation import accumulate, maximize
from symopt.specs.adam import adam
from symopt.specs.adamw import adamw
from symopt.specs.averaging import ema, running_mean
from symopt.specs.cautious import cautious
from symopt.specs.centralization import centralize
from symopt.specs.clipping import clip_by_global_norm, clip_by_norm, clip_by_value
from symopt.specs.guard import skip_nonfinite
from symopt.specs.lookahead import lookahead, lookahead_pulled, lookahead_reset
from symopt.specs.momentum import momentum
from symopt.specs.sgd import sgd
from symopt.specs.weight_decay import fixed_weight_decay, l2, proximal_weight_decay

adam_accumulated = accumulate(adam)
adam_cautious = cautious(adam)
adam_centralized = centralize(adam)
adam_l2 = l2(adam)
adam_maximizing = maximize(adam)
adam_proximal = proximal_weight_decay(adam)
adam_skipping = skip_nonfinite(adam)
adamw_clipped = clip_by_global_norm(adamw)
adamw_clipped_averaged = clip_by_global_norm(ema(adamw))
lookahead_adam = lookahead(adam)
lookahead_adam_reset = lookahead_reset(adam)
lookahead_momentum_pulled = lookahead_pulled(momentum)
momentum_clipped = clip_by_norm(momentum)
sgd_averaged = running_mean(sgd)
sgd_clipped = clip_by_value(sgd)
sgd_decayed = fixed_weight_decay(sgd)
