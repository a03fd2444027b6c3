package fetch

import (
	"net/netip"
	"testing"

	"pgregory.net/rapid"
)

func TestPublicAddresses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		address, why string
		want         bool
	}{
		{"8.8.8.8", "public", true},
		{"172.15.255.255", "just below a private block", true},
		{"172.32.0.0", "just above a private block", true},
		{"100.63.255.255", "just below the shared block", true},
		{"2606:4700::1111", "public", true},
		{"::ffff:8.8.8.8", "public, mapped", true},
		{"2002:808:808::1", "public, 6to4", true},
		{"64:ff9b::8.8.8.8", "public, NAT64", true},

		{"0.0.0.0", "unspecified", false},
		{"0.1.2.3", "this network", false},
		{"10.1.2.3", "private", false},
		{"100.64.0.1", "shared by carriers", false},
		{"127.0.0.1", "loopback", false},
		{"127.255.255.254", "loopback", false},
		{"169.254.169.254", "link-local, cloud metadata", false},
		{"172.16.0.1", "private", false},
		{"172.31.255.255", "private", false},
		{"192.0.0.8", "protocol assignment", false},
		{"192.0.2.1", "documentation", false},
		{"192.88.99.1", "6to4 relay", false},
		{"192.168.1.1", "private", false},
		{"198.18.0.1", "benchmark", false},
		{"198.19.255.255", "benchmark", false},
		{"198.51.100.7", "documentation", false},
		{"203.0.113.7", "documentation", false},
		{"224.0.0.1", "multicast", false},
		{"239.255.255.255", "multicast", false},
		{"240.0.0.1", "reserved", false},
		{"255.255.255.255", "broadcast", false},

		{"::", "unspecified", false},
		{"::1", "loopback", false},
		{"::ffff:127.0.0.1", "mapped loopback", false},
		{"::ffff:10.0.0.1", "mapped private", false},
		{"::127.0.0.1", "compatible loopback", false},
		{"64:ff9b::10.0.0.1", "NAT64 private", false},
		{"64:ff9b:1::10.0.0.1", "local NAT64", false},
		{"100::1", "discard", false},
		{"2001::1", "Teredo", false},
		{"2001:10::1", "ORCHID", false},
		{"2001:db8::1", "documentation", false},
		{"2002:7f00:1::1", "6to4 loopback", false},
		{"2002:a00:1::1", "6to4 private", false},
		{"3fff::1", "documentation", false},
		{"4000::1", "not assigned", false},
		{"fc00::1", "unique local", false},
		{"fd12:3456::1", "unique local", false},
		{"fe80::1", "link-local", false},
		{"fe80::1%eth0", "link-local with zone", false},
		{"2606:4700::1111%eth0", "public with zone", false},
		{"fec0::1", "old site-local", false},
		{"ff02::1", "multicast", false},
	} {
		if got := isPublic(netip.MustParseAddr(test.address)); got != test.want {
			t.Errorf("%s (%s): public %v, want %v", test.address, test.why, got, test.want)
		}
	}
	if isPublic(netip.Addr{}) {
		t.Error("no address is public")
	}
}

// However an IPv4 address is wrapped, the answer is that for the address itself.
func TestWrappedAddressesAreAsPublicAsTheirContent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		bytes := [4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "address"))
		plain := netip.AddrFrom4(bytes)
		var sixToFour, nat64 [16]byte
		copy(sixToFour[:], []byte{0x20, 0x02, bytes[0], bytes[1], bytes[2], bytes[3]})
		copy(nat64[:], []byte{0, 0x64, 0xff, 0x9b})
		copy(nat64[12:], bytes[:])
		for _, wrapped := range []netip.Addr{netip.AddrFrom16(plain.As16()), netip.AddrFrom16(sixToFour), netip.AddrFrom16(nat64)} {
			if isPublic(wrapped) != isPublic(plain) {
				t.Fatalf("%s is public: %v, %s is public: %v", wrapped, isPublic(wrapped), plain, isPublic(plain))
			}
		}
	})
}

func TestDialGuard(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		network, address string
		want             bool
	}{
		{"tcp4", "8.8.8.8:80", true},
		{"tcp6", "[2606:4700::1111]:443", true},
		{"tcp4", "127.0.0.1:80", false},
		{"tcp6", "[::1]:80", false},
		{"udp4", "8.8.8.8:80", false},
		{"unix", "/run/socket", false},
		{"tcp4", "example.com:80", false},
	} {
		if err := refusePrivate(t.Context(), test.network, test.address, nil); (err == nil) != test.want {
			t.Errorf("%s %s: %v, want allowed: %v", test.network, test.address, err, test.want)
		}
	}
}
