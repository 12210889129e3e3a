// The algorithms of the document's classes AESMain (§8) and RSAMain (§9), both ways, for many files at once.
//
// The JDK knows PKCS#7 of 16-byte blocks by the name PKCS5Padding; §8's PKCS7Padding needs a provider of its
// own. Everything else is the document's: the names of the ciphers, UTF-8 keys, `key@iv`, standard Base64.
//
//   java Envelope.java open PRIVATE.pem DIR    each NAME.body becomes NAME.opened
//   java Envelope.java seal PUBLIC.pem DIR     each NAME.plain becomes NAME.sealed
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.security.*;
import java.security.spec.*;
import java.util.Base64;
import java.util.List;
import java.util.regex.*;
import java.util.stream.*;
import javax.crypto.Cipher;
import javax.crypto.spec.*;

public class Envelope {
    static final String RSA = "RSA/ECB/OAEPWithSHA-1AndMGF1Padding";
    static final String AES = "AES/CBC/PKCS5Padding";

    public static void main(String[] arguments) throws Exception {
        byte[] key = pem(Path.of(arguments[1]));
        boolean open = arguments[0].equals("open");
        String from = open ? ".body" : ".plain";
        List<Path> files;
        try (Stream<Path> all = Files.list(Path.of(arguments[2]))) {
            files = all.filter(file -> file.toString().endsWith(from)).collect(Collectors.toList());
        }
        for (Path file : files) {
            byte[] content = Files.readAllBytes(file);
            String name = file.toString().replaceAll("[.][a-z]+$", open ? ".opened" : ".sealed");
            Files.write(Path.of(name), open ? open(key, content) : seal(key, content));
        }
    }

    static byte[] pem(Path file) throws Exception {
        String base64 = Files.readAllLines(file).stream()
            .filter(line -> !line.startsWith("---")).collect(Collectors.joining());
        return Base64.getDecoder().decode(base64);
    }

    static byte[] open(byte[] key, byte[] body) throws Exception {
        String text = new String(body, StandardCharsets.UTF_8);
        Cipher rsa = Cipher.getInstance(RSA);
        rsa.init(Cipher.DECRYPT_MODE, KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(key)));
        byte[] secret = rsa.doFinal(Base64.getDecoder().decode(field(text, "\"crc\":\"([^\"]*)\"")));
        String[] parts = new String(secret, StandardCharsets.UTF_8).split("@");
        String framed = "\\\\\"cipherText\\\\\":\\\\\"([^\\\\\"]*)\\\\\"";
        boolean python = Pattern.compile(framed).matcher(text).find();
        String data = field(text, python ? framed : "\"data\":\"([^\"]*)\"");
        return aes(Cipher.DECRYPT_MODE, parts[0], parts[1], Base64.getDecoder().decode(data));
    }

    static byte[] seal(byte[] key, byte[] plain) throws Exception {
        String alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        SecureRandom random = new SecureRandom();
        String drawn = random.ints(48, 0, alphabet.length())
            .mapToObj(at -> alphabet.substring(at, at + 1)).collect(Collectors.joining());
        String secret = drawn.substring(0, 32), iv = drawn.substring(32);
        byte[] data = aes(Cipher.ENCRYPT_MODE, secret, iv, plain);
        Cipher rsa = Cipher.getInstance(RSA);
        rsa.init(Cipher.ENCRYPT_MODE, KeyFactory.getInstance("RSA").generatePublic(new X509EncodedKeySpec(key)));
        byte[] crc = rsa.doFinal((secret + "@" + iv).getBytes(StandardCharsets.UTF_8));
        Base64.Encoder base64 = Base64.getEncoder();
        String body = "{\"data\":\"" + base64.encodeToString(data) + "\",\"crc\":\"" + base64.encodeToString(crc) + "\"}";
        return body.getBytes(StandardCharsets.US_ASCII);
    }

    static byte[] aes(int mode, String key, String iv, byte[] content) throws Exception {
        Cipher cipher = Cipher.getInstance(AES);
        cipher.init(mode, new SecretKeySpec(key.getBytes("UTF-8"), "AES"), new IvParameterSpec(iv.getBytes("UTF-8")));
        return cipher.doFinal(content);
    }

    static String field(String text, String pattern) {
        Matcher matcher = Pattern.compile(pattern).matcher(text);
        if (!matcher.find()) {
            throw new IllegalArgumentException("no " + pattern);
        }
        return matcher.group(1);
    }
}
