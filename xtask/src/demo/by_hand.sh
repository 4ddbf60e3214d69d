#!/bin/bash
# The demonstration by hand, as root: bash by-hand.sh up | get | status | down
set -eu
xdp_lb=@XDP_LB@
nginx=@NGINX@
dir=/tmp/xdp-lb-by-hand

# `ip netns exec` would hide /sys/fs/bpf.
on() { local host=$1; shift; nsenter --net=/run/netns/by-hand-"$host" "$@"; }

# Joins a host, number N, to the balancer: 10.50.N.0/24 and fd50:0:0:N::/64, the balancer .1, the host .2.
join() {
    local host=$1 device=$2 n=$3
    ip netns add "by-hand-$host"
    on "$host" ip link set lo up
    on lb ip link add "$device" type veth peer name eth0 netns "by-hand-$host"
    on lb ip addr add "10.50.$n.1/24" dev "$device"
    on lb ip addr add "fd50:0:0:$n::1/64" dev "$device" nodad
    on "$host" ip addr add "10.50.$n.2/24" dev eth0
    on "$host" ip addr add "fd50:0:0:$n::2/64" dev eth0 nodad
    # On veth only: finish checksums before XDP sees them, and receive what a native XDP program sends.
    on lb ethtool -K "$device" tx off gro on >/dev/null
    on "$host" ethtool -K eth0 tx off gro on >/dev/null
    on lb ip link set "$device" up
    on "$host" ip link set eth0 up
    on "$host" ip route add default via "10.50.$n.1"
    on "$host" ip route add ::/0 via "fd50:0:0:$n::1"
}

web() {
    local name=$1
    mkdir -p "$dir/$name"
    cat >"$dir/$name/nginx.conf" <<END
user root; pid $dir/$name/pid; error_log stderr;
events {}
http {
    access_log off; client_body_temp_path $dir/$name/body; proxy_temp_path $dir/$name/proxy;
    fastcgi_temp_path $dir/$name/fastcgi; uwsgi_temp_path $dir/$name/uwsgi; scgi_temp_path $dir/$name/scgi;
    server { listen 8080; listen [::]:8080; location / { return 200 "$name\n"; } }
}
END
    on "$name" "$nginx" -e stderr -p "$dir/$name" -c "$dir/$name/nginx.conf"
}

service() {
    printf '[[service]]\nname = "%s"\nvip = "%s"\nprotocol = "tcp"\nforwarding = "nat"\n' "$1" "$2"
    printf '[service.health]\ntype = "tcp"\ninterval = "500ms"\ntimeout = "500ms"\nrise = 2\nfall = 2\n'
    for n in 1 2 3; do
        printf '[[service.backend]]\nname = "web-%s"\naddress = "%s"\nweight = %s\n' $n "${3/N/$n}" $n
    done
}

case ${1-} in
up)
    mkdir -p "$dir"
    ip netns add by-hand-lb
    on lb ip link set lo up
    on lb sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
    join client cl 0
    for n in 1 2 3; do join web-$n be$n $n; web web-$n; done
    {
        printf '[datapath]\ninterfaces = ["cl", "be1", "be2", "be3"]\npin = "/sys/fs/bpf/xdp-lb-by-hand"\n'
        printf '[api]\nsocket = "%s/sock"\n' $dir
        service web4 192.0.2.10:80 10.50.N.2:8080
        service web6 '[2001:db8::10]:80' '[fd50:0:0:N::2]:8080'
    } >$dir/config.toml
    on lb "$xdp_lb" run --config $dir/config.toml >$dir/log 2>&1 &
    echo $! >$dir/xdp-lb.pid
    echo "the configuration is $dir/config.toml, the daemon's log $dir/log"
    ;;
get)
    for vip in 192.0.2.10 2001:db8::10; do
        on client bash -c 'exec 3<>/dev/tcp/$0/80; printf "GET / HTTP/1.0\r\n\r\n" >&3; tail -n1 <&3' $vip
    done
    ;;
status)
    on lb "$xdp_lb" status --socket $dir/sock
    ;;
down)
    kill "$(cat $dir/xdp-lb.pid)" || true
    on lb "$xdp_lb" detach --config $dir/config.toml || true
    for n in 1 2 3; do kill "$(cat $dir/web-$n/pid)" || true; done
    for host in client web-1 web-2 web-3 lb; do ip netns delete by-hand-$host || true; done
    rm -r $dir
    ;;
*)
    echo "usage: bash $0 up | get | status | down" >&2
    exit 2
    ;;
esac
