// Seals secret.txt and one whole envelope with the classes and algorithms that §8 and §9 of the document
// name. "PKCS7Padding" is not in the JDK; its "PKCS5Padding" is the same for AES.

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.stream.Collectors;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

public class Seal {
    private static final String ALPHABET =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    public static void main(String[] arguments) throws Exception {
        PublicKey bank = publicKey(Path.of("test-only.spki.pem"));
        write("java.crc", crc(bank, Files.readString(Path.of("secret.txt"))));

        String key = drawn(32);
        String iv = drawn(16);
        String data = data(Files.readString(Path.of("e2-validation.json")), key, iv);
        String crc = crc(bank, key + "@" + iv);
        write("java.envelope.json", "{\"data\":\"" + data + "\",\"crc\":\"" + crc + "\"}");
    }

    private static PublicKey publicKey(Path file) throws Exception {
        String base64 = Files.readAllLines(file).stream()
                .filter(line -> !line.startsWith("---"))
                .collect(Collectors.joining());
        byte[] der = Base64.getDecoder().decode(base64);
        return KeyFactory.getInstance("RSA").generatePublic(new X509EncodedKeySpec(der));
    }

    private static String data(String plaintext, String key, String iv) throws Exception {
        Cipher cipher = Cipher.getInstance("AES/CBC/PKCS5Padding");
        cipher.init(
                Cipher.ENCRYPT_MODE,
                new SecretKeySpec(key.getBytes(StandardCharsets.UTF_8), "AES"),
                new IvParameterSpec(iv.getBytes(StandardCharsets.UTF_8)));
        return base64(cipher.doFinal(plaintext.getBytes(StandardCharsets.UTF_8)));
    }

    private static String crc(PublicKey bank, String secret) throws Exception {
        Cipher cipher = Cipher.getInstance("RSA/ECB/OAEPWithSHA-1AndMGF1Padding");
        cipher.init(Cipher.ENCRYPT_MODE, bank);
        return base64(cipher.doFinal(secret.getBytes(StandardCharsets.UTF_8)));
    }

    private static String drawn(int length) {
        return new SecureRandom().ints(length, 0, ALPHABET.length())
                .mapToObj(place -> ALPHABET.substring(place, place + 1))
                .collect(Collectors.joining());
    }

    private static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    private static void write(String file, String text) throws Exception {
        Files.writeString(Path.of(file), text, StandardCharsets.US_ASCII);
    }
}
