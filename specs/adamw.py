"""AdamW: Adam with decoupled weight decay."""

from symopt.specs.adam import adam
from symopt.specs.weight_decay import decoupled_weight_decay

adamw = decoupled_weight_decay(adam).titled("AdamW", reference="loshchilov2019decoupled")
