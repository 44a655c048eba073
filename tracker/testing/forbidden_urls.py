"""URLs that must never be fetched for a user, one trick each. `{port}` stands for a port that listens."""
# ruff: noqa: RUF001, S104 - foreign digits and 0.0.0.0 are the point

LOOPBACK_SPELLINGS = [
    "127.0.0.1", "127.0.0.1.", "127.1", "127.0.1", "0127.0.0.1", "0177.0.0.1", "0x7f.0.0.1", "0x7f000001", "0x7F.1",
    "2130706433", "017700000001", "127.0.0.0x1", "127.255.255.254", "127.00.00.01", "00000177.0.0.01", "127.0.0.1%00",
    "127。0。0。1", "127．0．0．1", "①②⑦.⓪.⓪.①", "１２７.０.０.１", "%31%32%37.0.0.1", "localhost", "LOCALHOST.",
    "a.localhost", "ｌocalhost", "0", "0.0.0.0", "0.0.0.1", "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::127.0.0.1]", "[64:ff9b:1::127.0.0.1]", "[2002:7f00:1::]",
    "[2001:0:7f00:1::]", "[::ffff:0:127.0.0.1]", "[::1%25lo]", "[fe80::1%25eth0]",
]  # fmt: skip
OTHER_HOSTS = [
    "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.254", "192.168.1.1", "169.254.169.254", "0xa9fea9fe",
    "2852039166", "[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]", "[fd00:ec2::254]", "[fe80::1]", "[fc00::1]",
    "[ff02::1]", "[fec0::1]", "100.64.0.1", "100.127.255.254", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.7",
    "203.0.113.9", "192.88.99.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "[2001:db8::1]",
    "[2001::1]", "[2002:a00:1::]", "[100::1]", "[3fff::1]", "[::]", "1.2.3", "1.2.3.4.5", "256.256.256.256",
    "1.2.3.4x.0x1", "a..b", "-a.example", "a_b.-c", "exa mple.com", "[v1.fe80]", "[1.2.3.4]", "", "xn--.1",
]  # fmt: skip
WHOLE_URLS = [
    "file:///etc/passwd", "gopher://127.0.0.1:{port}/_x", "ftp://127.0.0.1:{port}/", "dict://127.0.0.1:{port}/",
    "ldap://127.0.0.1:{port}/", "unix:///run/docker.sock", "data:text/plain,x", "javascript:alert(1)",
    "//127.0.0.1:{port}/", "127.0.0.1:{port}", "http:127.0.0.1:{port}", "http:/127.0.0.1:{port}/", "http:///127.0.0.1/",
    "https://user@127.0.0.1:{port}/", "https://user:password@example.com/", "https://example.com@127.0.0.1:{port}/",
    "https://127.0.0.1:{port}@example.com/", "https://example.com#@127.0.0.1:{port}@x/", "http://example.com\\@127.0.0.1/",
    "http://127.0.0.1\t:{port}/", "ht\ntp://127.0.0.1/", " http://127.0.0.1:{port}/", "http://example.com/\r\nHost: x",
    "http://example.com:22/", "http://example.com:25/", "http://example.com:6379/", "http://example.com:5432/",
    "http://example.com:0/", "http://example.com:65536/", "http://example.com:-1/", "http://example.com:8a/",
    "http://[::1/", "http://::1/", "http://[::1]x/", "http+unix://%2Frun%2Fx.sock/", "", "http://", "https://?x",
    "http://example.com/" + "a" * 2048,
]  # fmt: skip
FORBIDDEN_URLS = [f"http://{host}:{{port}}/hook" for host in LOOPBACK_SPELLINGS + OTHER_HOSTS] + WHOLE_URLS
