"""A small mixed table in encoded form: every kind of feature, dependencies, missing values."""

import numpy as np

from evalkit.core.seeds import generator
from evalkit.data.rows import Feature, Rows

FEATURES = (
    Feature(column="amount", name="amount", kind="number"),
    Feature(column="when", name="when: hour", kind="number"),
    Feature(column="shop", name="shop", kind="category", levels=("a", "b", "c", "d")),
    Feature(column="paid", name="paid", kind="boolean"),
    Feature(column="items", name="items", kind="count"),
    Feature(column="when", name="when: weekend", kind="number"),
)


def mixed_rows(n: int = 600, seed: int = 0) -> Rows:
    """Amounts grow with the number of items; shop d is paid; 10 % of shops are missing, more often at night."""
    random = generator(seed, "mixed rows")
    shop = random.choice(4, n, p=[0.4, 0.3, 0.2, 0.1]).astype(float)
    items = random.poisson(2 + shop).astype(float)
    amount = np.exp(1 + 0.3 * items + 0.1 * random.normal(size=n))
    hour = random.uniform(0, 24, n)
    paid = np.where(shop == 3, 1.0, random.integers(0, 2, n))
    weekend = np.where(random.random(n) < 2 / 7, 6.5, -1.0)
    shop[random.random(n) < np.where(hour < 8, 0.25, 0.02)] = np.nan
    return Rows(np.column_stack([amount, hour, shop, paid, items, weekend]), FEATURES)
