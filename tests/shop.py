"""A shop in three tables with known truths: customers, their orders, the orders' items; and the lookup of regions."""

import numpy as np
import pandas as pd

Frames = dict[str, pd.DataFrame]


def shop(seed: int = 1, n: int = 600, *, effect: float = 12.0, own: float = 8.0, rate: float = 5.0) -> Frames:
    """Tables in which `amount` is higher by `effect` for customers whose plan is gold.

    Args:
        seed: Of the random numbers.
        n: Customers.
        effect: Mean difference of an order's amount between gold and other plans.
        own: Standard deviation of a customer's own level of spending; an order scatters by 20 around it.
        rate: Mean number of orders of a customer.
    """
    rng = np.random.default_rng(seed)
    plan = rng.choice(["basic", "plus", "gold"], n, p=[0.4, 0.3, 0.3])
    customers = pd.DataFrame(
        {
            "customer_id": np.arange(101, 101 + n),
            "plan": plan,
            "age": rng.integers(18, 80, n),
            "region": rng.choice(list("NSEW"), n),
            "noise": rng.normal(0, 1, n),
        }
    )
    times = rng.poisson(rate, n)
    who = np.repeat(np.arange(n), times)
    m = len(who)
    level = rng.normal(0, own, n)[who] + effect * (plan[who] == "gold")
    orders = pd.DataFrame(
        {
            "order_id": np.arange(1, m + 1),
            "customer_id": customers["customer_id"].to_numpy()[who],
            "ordered": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 500, m), unit="D"),
            "amount": (60 + level + rng.normal(0, 20, m)).round(2),
            "channel": rng.choice(["web", "shop", "phone"], m, p=[0.6, 0.3, 0.1]),
        }
    )
    lines = rng.integers(1, 4, m)
    items = pd.DataFrame(
        {
            "order_id": np.repeat(orders["order_id"].to_numpy(), lines),
            "product": rng.choice(["pen", "ink", "pad"], int(lines.sum())),
            "quantity": rng.integers(1, 6, int(lines.sum())),
        }
    )
    return {"customers": customers, "orders": orders, "items": items}


REGIONS = pd.DataFrame(
    {
        "region": list("NSEWXYZ"), "region_name": ["North", "South", "East", "West", "Far", "Off", "Out"],
        "tax": [0.1, 0.2, 0.15, 0.12, 0.11, 0.13, 0.14],
    }
)  # fmt: skip


def shuffled(frames: Frames, seed: int = 7) -> Frames:
    """The same tables in another order, with their rows and columns in another order."""
    return {
        name: frame.sample(frac=1, random_state=seed)[sorted(frame.columns, reverse=True)].reset_index(drop=True)
        for name, frame in reversed(list(frames.items()))
    }
