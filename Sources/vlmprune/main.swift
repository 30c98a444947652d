print("vlmprune")
