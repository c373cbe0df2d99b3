"""The budget of a day between processes: real ones, a real sandbox, real files."""

from __future__ import annotations

import subprocess
import sys

import pytest

from imgcell import costs
from imgcell.costs.days import today_in
from imgcell.errors import BudgetExceededError

KERNEL = """
import sys, warnings
import imgcell
warnings.simplefilter("ignore")
client = imgcell.Client("priced", base_url=sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
made = refused = 0
for _ in range(int(sys.argv[2])):
    try:
        sheet = client.generate("x", n=2, size="1024x1024")
    except imgcell.errors.BudgetExceededError:
        refused += 2
    else:
        made += len(sheet)
        refused += len(sheet.errors)
print(made, refused, flush=True)
"""


def test_two_kernels_cannot_pass_a_day_s_budget_together(shop, imgcell_home):
    """Each wants twelve pictures at the same time, there is money for thirteen: thirteen are paid for."""
    costs.budget(day=1.3)
    command = [sys.executable, "-c", KERNEL, shop.server.url("sandbox"), "6"]
    kernels = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    try:
        for kernel in kernels:
            assert kernel.stdout.readline() == "ready\n"
        for kernel in kernels:
            kernel.stdin.write("\n")
            kernel.stdin.flush()
        counts = [tuple(map(int, kernel.stdout.readline().split())) for kernel in kernels]
    finally:
        for kernel in kernels:
            kernel.communicate(timeout=30)
    assert len(shop.server.posts) == sum(made for made, _ in counts) == 13
    assert sum(refused for _, refused in counts) == 11
    assert float(today_in(imgcell_home)["USD"]) == pytest.approx(1.3)
    assert costs.budget().day.left == 0


CRASH = """
import os, sys, threading
import imgcell
client = imgcell.Client("priced", base_url=sys.argv[1])
run = client.submit(imgcell.Generate("x", size="1024x1024"))
print("sent", flush=True)
sys.stdin.readline()
os._exit(9)
"""


def test_what_a_dead_kernel_had_sent_counts(shop, small):
    """It ended without a word while its request was out: that may have been charged, and the day's budget knows it."""
    shop.server.play("stall", seconds=30)
    kernel = subprocess.Popen(
        [sys.executable, "-c", CRASH, shop.server.url("sandbox")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    shop.server.wait_for(1)
    kernel.communicate("\n", timeout=30)
    budgets = costs.budget(day=0.15)
    assert float(budgets.day.spent) == 0.1
    with pytest.raises(BudgetExceededError, match="today's budget"):
        shop("priced").generate("y", **small)
    assert len(shop.server.posts) == 1
