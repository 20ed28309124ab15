"""Those who take part, a file each: a function a kind of row gives what runs so many steps."""
