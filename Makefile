demo test check: ; @./dev $@
.PHONY: demo test check
