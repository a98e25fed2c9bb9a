"""How long what is kept is kept: periods of the policy pack, legal holds, erasing with proof."""
