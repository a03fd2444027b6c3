module example.com/avatars

go 1.26.0
