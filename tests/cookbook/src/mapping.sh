# What the commands of docs/from-curl-lftp.md find. $line is the command: some want a file here, others that there is none.
mkdir -p $ftp/{dir,old,tree/sub} && (
    cd $ftp
    for i in x y p1 p2 p3 a1 a.csv dir/x dir/y tree/one tree/sub/two; do echo "there: $i" >$i; done
    seq 200 >>x
    touch 'a*' a.bak tree/three.bak
    seq 300 | tee z tree/z >/dev/null
    gzip z tree/z
    cp z.gz x.gz
)
mkdir -p $b/in
case $line in *"ftp-rm -d "*) rm $ftp/dir/* ;; esac
case $line in
*ftp-put*)
    mkdir -p tree/sub
    for i in x y tree/one tree/sub/new; do echo "here: $i" >$i; done
    seq 100 | gzip >w.gz
    ;;
esac
# As a password file its first line counts, and every password will do.
echo "machine 127.0.0.1 login alice password secret" >file
chmod 600 file
echo "default login alice password secret" >>.netrc
case $line in
*ftps://* | *ftpes://* | *--tls* | *--cert*)
    {
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=ours -keyout $tls/ca.key -out ca.pem
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=ftp -keyout $tls/key.pem -out $tls/request
        openssl x509 -req -in $tls/request -CA ca.pem -CAkey $tls/ca.key -CAcreateserial -days 2 \
            -extfile <(echo subjectAltName=IP:127.0.0.1) -out $tls/cert.pem
        touch $tls/index
        echo 01 >$tls/number
        printf '[ca]\ndefault_ca=it\n[it]\ndatabase=%s\ncrlnumber=%s\ndefault_md=sha256\n' $tls/index $tls/number >$tls/config
        openssl ca -config $tls/config -gencrl -crldays 2 -keyfile $tls/ca.key -cert ca.pem -out lists.pem
    } 2>/dev/null
    cp $tls/cert.pem me.pem
    cp $tls/key.pem me.key
    ;;
esac
