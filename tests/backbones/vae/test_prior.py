import torch

from evalkit.backbones.vae.prior import MixturePrior


def test_components_move_to_the_codes_that_belong_to_them() -> None:
    torch.manual_seed(0)
    code = torch.cat([torch.randn(400, 2) * 0.5 + 3.0, torch.randn(400, 2) * 2.0 - 3.0])
    belongs = torch.zeros(800, 4)
    belongs[:400, 0] = belongs[400:, 1] = 1.0
    prior = MixturePrior(3, 2)
    before = prior.mean[2].clone()
    with torch.no_grad():
        prior.move_to(code, belongs)
    torch.testing.assert_close(prior.mean[:2], torch.tensor([[3.0, 3.0], [-3.0, -3.0]]), atol=0.3, rtol=0.0)
    torch.testing.assert_close(prior.log_sigma[:2].exp(), torch.tensor([[0.5, 0.5], [2.0, 2.0]]), atol=0.2, rtol=0.0)
    torch.testing.assert_close(prior.mean[2], before)
