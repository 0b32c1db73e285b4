"""接口服务: what a department's systems can call under its grants, how, how much, and a console to try it."""
