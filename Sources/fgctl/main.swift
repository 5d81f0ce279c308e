print("fgctl")
