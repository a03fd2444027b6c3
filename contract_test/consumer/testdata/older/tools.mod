module example.com/older/tools

go 1.26.0
